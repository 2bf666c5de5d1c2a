// What scripts/build_portal makes static/js/keccak.js from: Keccak-256 of noble-hashes, and nothing else of it.
export { keccak_256 } from "@noble/hashes/sha3.js";
