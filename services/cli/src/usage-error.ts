/** What the caller did wrong, in one line; the program ends with 2. */
export class UsageError extends Error {}
