/** How the work of a child ended, as its owner hears it. No behaviour. */

/** `crashed`: a bug inside the script. It is a failed step of its owner, never its owner's crash. */
export type Ending<Result> =
  | { readonly kind: 'returned'; readonly result: Result }
  | { readonly kind: 'crashed'; readonly error: unknown };
