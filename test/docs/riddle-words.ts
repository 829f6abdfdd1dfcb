/**
 * Words that make a reader guess: who acts, on what, or what an old-fashioned word means here. Texts for people use
 * none of them. To hold more files to it, extend the list of files in riddle-words.test.ts.
 */
export const RIDDLE_WORDS: readonly RegExp[] = [
  /\b(?:whoever|whomever|whosoever|nobody|somebody|anybody)\b/i,
  /\bheed(?:s|ed|ing)?\b/i,
  /\bmend(?:s|ed|ing)?\b/i,
  /\bin vain\b/i,
  /\b(?:told|tells?|telling|hears?|heard) of\b/i,
  /\bstorms?\b/i,
  /\b(?:thereby|thereof|therein|thereupon|whereupon|wherein|whereby|hereby|herein|hitherto|hence|albeit|lest)\b/i,
  /\bto be had\b/i,
  /\bas it stands\b/i,
  /\bfor so long\b/i,
  /\bso many\b/i,
  /\bis no more\b/i,
  /\bby itself\b/i,
  /\bof its own accord\b/i,
  /\bin the way\b/i,
  /\bmost instances\b/i,
  /\btakes? back\b/i,
  /\bmakes? good\b/i,
  /\bknows? nothing of\b/i,
  /\bbrought (?:up to date|about)\b/i,
  /\bcomes? to (?:work|accept)\b/i,
  /\bwhat (?:it|they) told\b/i,
  /\bwithout a word\b/i,
  /\bempty for none\b/i,
];
