/** In place of the number of a key. */
export const END = 0;

// How the value of an attribute is written: one of these bytes, and what it needs.

export const FALSE = 0;
export const TRUE = 1;
/** A number follows. */
export const WHOLE = 2;
/** The eight bytes of a number follow, as the machine has them. */
export const FRACTION = 3;
/** A text follows. */
export const TEXT = 4;
/** It is the next of the objects. */
export const OBJECT = 5;

/** Characters of a text that is copied; a longer one stays the string that it is. */
export const LONGEST_TEXT = 64;
