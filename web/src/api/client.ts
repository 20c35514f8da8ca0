import createClient, { type Middleware } from 'openapi-fetch';
import { serverClock } from '../lib/serverClock';
import type { paths } from './schema';

/** Longer than any long poll; a connection that says nothing for this long is dead. */
const ANSWER_MS_MAX = 40_000;

/** How long the server may hold a long poll back. */
export const WAIT_SECONDS = 20;

export type Client = ReturnType<typeof createClient<paths>>;

/** A typed client of the API for the bearer of the token, or for nobody in particular. */
export function createApiClient(token: string | null): Client {
  // `fetch` is looked up at each call, for the sake of tests that replace it.
  const client = createClient<paths>({ baseUrl: window.location.origin, fetch: (request) => fetch(request) });
  client.use(answerInTime, clockReading);
  if (token !== null) {
    client.use(authorization(token));
  }
  return client;
}

function authorization(token: string): Middleware {
  return {
    onRequest({ request }) {
      request.headers.set('Authorization', `Bearer ${token}`);
    },
  };
}

const answerInTime: Middleware = {
  onRequest({ request }) {
    return new Request(request, {
      signal: AbortSignal.any([request.signal, AbortSignal.timeout(ANSWER_MS_MAX)]),
    });
  },
};

const clockReading: Middleware = {
  onResponse({ response }) {
    serverClock.observe(response.headers.get('Date'));
  },
};
