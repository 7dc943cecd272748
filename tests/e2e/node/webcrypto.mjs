// Node 18, which Debian bookworm ships, has WebCrypto but does not yet put it where libraries look for it. Import this first.
import { webcrypto } from 'node:crypto'

globalThis.crypto ??= webcrypto
