/** Ids that differ mostly do so at their end. */
const LAST = 16;

/** 32 bits of a text, of its last characters (FNV-1a): to find it fast, not to tell it from all others. */
export function hashOf(text: string): number {
  let hash = 0x811c_9dc5;
  for (let index = Math.max(0, text.length - LAST); index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x0100_0193);
  }
  return hash >>> 0;
}
