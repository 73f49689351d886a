declare const brand: unique symbol;

/** A value that was parsed once at the edge; two brands never mix although both are strings or numbers. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
