// What an authenticator app does, for drive.mjs.
import { createHmac } from "node:crypto";

// A code of the step that is now, moved by steps.
export async function code(secret, offset) {
  return codeOf(secret, (await currentStep()) + offset);
}

// The step that is now; never one that is about to end.
export async function currentStep() {
  const left = () => 30_000 - (Date.now() % 30_000);
  if (left() < 10_000) await new Promise((done) => setTimeout(done, left() + 200));
  return Math.floor(Date.now() / 30_000);
}

export async function wrongCode(secret) {
  const now = Math.floor(Date.now() / 30_000);
  const near = [-4, -3, -2, -1, 0, 1, 2, 3, 4].map((offset) => codeOf(secret, now + offset));
  return ["000000", "111111", "222222"].find((guess) => !near.includes(guess));
}

export function codeOf(secret, step) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const hash = createHmac("sha1", base32(secret)).update(counter).digest();
  const number = hash.readUInt32BE(hash[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

function base32(text) {
  const bits = [...text].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"));
  return Buffer.from(bits.join("").match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}
