/** Today's time to the second, as decisions follow each other fast; with the date if it is another day. */
export function formatInstant(at: string, language: string): string {
  const moment = new Date(at);
  const isToday = moment.toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(language, { timeStyle: 'medium', ...(isToday ? {} : { dateStyle: 'short' }) }).format(
    moment,
  );
}
