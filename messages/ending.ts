/** How a script ended. */
export type Ending<Result> =
  | { readonly kind: 'returned'; readonly result: Result }
  | { readonly kind: 'crashed'; readonly error: unknown };
