/** What the API takes at most. */
export const TEXT_CHARS_MAX = 8_000;
export const NAME_CHARS_MAX = 200;

/** Without the control characters that the API refuses; they come along when text is pasted. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what this is about
  return text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g, '');
}

export function formatTime(at: string, language: string): string {
  return new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit' }).format(new Date(at));
}

/** 1:05, 12:00, 1:02:03; never below zero. */
export function formatDuration(ms: number): string {
  const totalSeconds = Math.max(0, Math.floor(ms / 1000));
  const hours = Math.floor(totalSeconds / 3600);
  const minutes = Math.floor(totalSeconds / 60) % 60;
  const seconds = String(totalSeconds % 60).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}` : `${minutes}:${seconds}`;
}

/** A duration that may be unknown. */
export function formatSeconds(seconds: number | null): string {
  return seconds === null ? '–' : formatDuration(seconds * 1000);
}

/** Today's time; with the date if it is another day. */
export function formatMoment(at: string, language: string): string {
  const moment = new Date(at);
  const isToday = moment.toDateString() === new Date().toDateString();
  return isToday
    ? formatTime(at, language)
    : new Intl.DateTimeFormat(language, { dateStyle: 'short', timeStyle: 'short' }).format(moment);
}
