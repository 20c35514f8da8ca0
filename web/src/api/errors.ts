import type { components } from './schema';

type Problem = components['schemas']['Problem'];

/** An answer of the server other than success, with the stable code of its problem document. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly retryAfterMs: number;

  constructor(response: Response, body: unknown) {
    const problem = isProblem(body) ? body : null;
    super(problem?.detail ?? problem?.title ?? `HTTP ${response.status}`);
    this.name = 'ApiError';
    this.status = response.status;
    this.code = problem?.code ?? '';
    this.retryAfterMs = Number(response.headers.get('Retry-After') ?? 0) * 1000 || 0;
  }
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && 'title' in body;
}

interface Result<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of a successful call; every other outcome is thrown. */
export async function answerOf<T>(call: Promise<Result<T>>): Promise<NonNullable<T>> {
  const { data, error, response } = await call;
  if (!response.ok) {
    throw new ApiError(response, error);
  }
  // The description promises a body for each success that is read.
  return data as NonNullable<T>;
}

export function hasStatus(error: unknown, ...statuses: number[]): error is ApiError {
  return error instanceof ApiError && statuses.includes(error.status);
}

export function hasCode(error: unknown, code: string): error is ApiError {
  return error instanceof ApiError && error.code === code;
}

/** Whether the same call may succeed later: no answer at all, a server that is overloaded or restarting. */
export function isTransient(error: unknown): boolean {
  return !(error instanceof ApiError) || error.status >= 500 || [408, 429].includes(error.status);
}
