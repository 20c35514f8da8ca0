import { vi } from 'vitest';

type Answer = (request: Request) => Response | Promise<Response>;

/** Answers what pages ask, by method and path; everything else is refused as by a server that does not know it. */
export function fakeServer(answers: Record<string, Answer>): Request[] {
  const requests: Request[] = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    requests.push(request.clone());
    const answer = answers[`${request.method} ${new URL(request.url).pathname}`];
    return answer === undefined ? problem(404, 'not-found') : answer(request);
  });
  return requests;
}

export function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });
}

export function problem(status: number, code: string): Response {
  return json({ title: code, status, code }, status);
}

/** A long poll that nothing comes of. */
export function never(request: Request): Promise<Response> {
  return new Promise((_, reject) => {
    request.signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
  });
}
