import { createApiClient } from '../api/client';
import { answerOf } from '../api/errors';

/** Signs in on a development machine. */
export function signIn(user: string) {
  return answerOf(createApiClient(null).POST('/dev/token', { body: { user } }));
}
