/** What a translation must offer: the same keys as the English wordings. */
export type Shape<T> = { [K in keyof T]: T[K] extends string ? string : Shape<T[K]> };
