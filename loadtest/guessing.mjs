// Guesses passwords at ISSUER, and logs its people in. guessing.sh starts the server; the lines that this prints are a table.
import http from 'node:http'

const issuer = new URL(process.env.ISSUER)
const accounts = Number(process.env.ACCOUNTS)
const attempts = Number(process.env.ATTEMPTS)
const pairs = Number(process.env.PAIRS)
const siege = Number(process.env.SIEGE)
const password = 'a password under load'
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 })

// What docs/limits.md promises: src/accounts/lockout.rs.
const longestAccount = 300
const longestAddress = 60

const name = (number) => `user-${String(number).padStart(3, '0')}`
const pick = (list) => list[Math.floor(Math.random() * list.length)]
const sleep = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000))
const now = () => performance.now() / 1000

function send(method, path, address, cookie, body) {
  return new Promise((resolve, reject) => {
    const headers = { 'x-forwarded-for': address, ...(cookie && { cookie }), ...(body && { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) }) }
    const began = now()
    const request = http.request({ agent, host: issuer.hostname, port: issuer.port, method, path, headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (part) => (text += part))
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text, took: now() - began }))
    })
    request.on('error', reject)
    request.end(body)
  })
}

// The page's ticket is good for many tries, as a guesser would use it.
const page = await send('GET', '/login', '192.0.2.1')
const ticket = /name="ticket" value="([^"]+)"/.exec(page.text)[1]
const cookie = page.headers['set-cookie'].map((one) => one.split(';')[0]).join('; ')

// `in`, `wrong`, or the seconds to wait.
async function attempt(username, word, address, known) {
  const body = new URLSearchParams({ ticket, username, password: word }).toString()
  const answer = await send('POST', '/login', address, known ? `${cookie}; ${known}` : cookie, body)
  if (answer.status === 303) return { is: 'in', took: answer.took, known: answer.headers['set-cookie'].find((one) => one.startsWith('nauthera_known=')).split(';')[0] }
  if (answer.status === 422) return { is: 'wrong', took: answer.took }
  if (answer.status === 429) return { is: 'wait', seconds: Number(answer.headers['retry-after']), took: answer.took }
  if (answer.status === 503) return { is: 'busy', seconds: Number(answer.headers['retry-after'] ?? 1), took: answer.took }
  throw new Error(`a login was answered with ${answer.status}`)
}

// Their owner logs in: as often as they are told to wait. Returns how long that took, and what they were told.
async function logIn(username, address, atMost, known) {
  const began = now()
  const told = []
  while (now() - began < atMost) {
    const answer = await attempt(username, password, address, known)
    if (answer.is === 'in') return { waited: now() - began, told, known: answer.known }
    if (answer.is === 'wrong') throw new Error(`the right password of ${username} was called wrong`)
    if (answer.is === 'wait') told.push(answer.seconds)
    await sleep(answer.seconds)
  }
  return { waited: Infinity, told }
}

async function atOnce(number, jobs) {
  const left = jobs[Symbol.iterator]()
  const results = []
  const worker = async () => {
    for (const job of left) results.push(await job())
  }
  await Promise.all(Array.from({ length: number }, worker))
  return results
}

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]

// Mann–Whitney U, two-sided, by its normal approximation: the chance of so large a difference if there is none.
function mannWhitney(a, b) {
  const all = [...a.map((value) => ({ value, first: true })), ...b.map((value) => ({ value, first: false }))].sort((x, y) => x.value - y.value)
  const ranks = all.reduce((sum, one, index) => (one.first ? sum + index + 1 : sum), 0)
  const u = ranks - (a.length * (a.length + 1)) / 2
  const z = (u - (a.length * b.length) / 2) / Math.sqrt((a.length * b.length * (a.length + b.length + 1)) / 12)
  // Abramowitz and Stegun 26.2.17
  const t = 1 / (1 + 0.2316419 * Math.abs(z))
  const tail = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return { z, p: 2 * tail }
}

const faults = []
const expect = (holds, text) => holds || faults.push(text)
const line = (...cells) => console.log(`| ${cells.join(' | ')} |`)

// 1. How long a wrong password takes, by whose it is: in turns, each from an address of its own, none of them slowed down.
const kinds = {
  'unknown name': () => `nobody-${Math.random()}`,
  'known name, wrong password': (round) => name(round % accounts),
  'disabled account, its password': (round) => name(accounts + (round % (accounts / 2))),
}
const times = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, []]))
for (let warm = 0; warm < 20; warm++) await attempt(`nobody-${warm}`, 'wrong', `10.9.0.${warm}`)
for (let round = 0; round < pairs; round++) {
  for (const kind of Object.keys(kinds).toSorted(() => Math.random() - 0.5)) {
    const address = `10.1.${round % 250}.${1 + Math.floor(Math.random() * 250)}`
    const answer = await attempt(kinds[kind](round), kind.startsWith('disabled') ? password : 'wrong', address)
    expect(answer.is === 'wrong', `${kind}: ${answer.is}`)
    times[kind].push(answer.took * 1000)
  }
}
console.log('\nHow long the answer takes that name or password are not right:\n')
line('', 'tries', 'median ms', 'Mann–Whitney against an unknown name')
line('---', '---:', '---:', '---')
for (const [kind, list] of Object.entries(times)) {
  const test = kind === 'unknown name' ? undefined : mannWhitney(times['unknown name'], list)
  line(kind, list.length, median(list).toFixed(2), test ? `z = ${test.z.toFixed(2)}, p = ${test.p.toFixed(2)}` : '')
  if (test) expect(test.p > 0.001, `${kind} can be told from an unknown name by its time (p = ${test.p})`)
}
// The right password forgets what the guesses above counted.
await atOnce(8, Array.from({ length: accounts }, (_, number) => () => logIn(name(number), `203.0.113.${1 + (number % 250)}`, 60)))

// 2. Guessing: half of it from ten addresses, half of it from five hundred.
const noisy = Array.from({ length: 10 }, (_, number) => `198.51.100.${1 + number}`)
const many = Array.from({ length: 500 }, (_, number) => `10.2.${number % 250}.${1 + Math.floor(number / 250)}`)
const counts = { wrong: 0, wait: 0, busy: 0, in: 0 }
let longestTold = 0
const began = now()
const guess = async () => {
  const answer = await attempt(name(Math.floor(Math.random() * accounts)), `guess-${Math.random()}`, pick(Math.random() < 0.5 ? noisy : many))
  counts[answer.is] += 1
  if (answer.is === 'wait') longestTold = Math.max(longestTold, answer.seconds)
}
await atOnce(32, Array.from({ length: attempts }, () => guess))
const took = now() - began
expect(counts.in === 0, 'a guess was let in')
expect(longestTold <= longestAccount, `a guesser was told to wait ${longestTold} s`)

// 3. Everybody logs in afterwards, all at once, from where nobody guessed; but the last one from an address that many guesses came from.
const owners = Array.from({ length: accounts }, (_, number) => {
  const address = number === accounts - 1 ? noisy[0] : `203.0.113.${1 + (number % 250)}`
  return logIn(name(number), address, longestAccount + 30)
})
const office = await owners.pop()
const after = await Promise.all(owners)
const told = after.map((one) => one.told[0] ?? 0)
expect(after.every((one) => Number.isFinite(one.waited)), 'somebody could not log in after their wait')
expect(after.every((one) => one.told.length <= 1), 'somebody was told to wait twice')
expect(office.told.every((seconds) => seconds <= Math.max(longestAccount, longestAddress)), `from a guesser's address: told ${office.told} s`)
expect(Number.isFinite(office.waited), "from a guesser's address nobody gets in")
console.log(`\n${attempts} guesses at ${accounts} accounts in ${took.toFixed(0)} s:\n`)
line('', '')
line('---', '---:')
line('passwords that were looked at', counts.wrong)
line('refused before that (429)', counts.wait)
line('refused for lack of room (503)', counts.busy)
line('the longest wait that a guesser was told', `${longestTold} s`)
line('accounts whose owner then logged in', `${after.filter((one) => Number.isFinite(one.waited)).length} of ${after.length}`)
line('of those at once', told.filter((seconds) => seconds === 0).length)
line('the longest wait of an owner', `${Math.max(...after.map((one) => one.waited)).toFixed(0)} s`)
line('the wait of somebody at an address of a guesser', `${office.waited.toFixed(0)} s`)

// 4. One account is guessed at without a pause, and its owner comes back each time they are told to.
let stop = false
const target = name(1)
const { known } = await logIn(target, '203.0.113.77', longestAccount + 30)
const besiegers = Array.from({ length: 4 }, async () => {
  while (!stop) {
    await attempt(target, `guess-${Math.random()}`, pick(many))
    await sleep(0.05)
  }
})
await sleep(5)
const athome = await logIn(target, '203.0.113.77', siege, known)
const owner = await logIn(target, '203.0.113.78', siege)
stop = true
await Promise.all(besiegers)
expect(Number.isFinite(athome.waited), 'the owner of a besieged account does not get in with a browser that is known')
line('the owner of an account that is guessed at without a pause, with a browser that is known', `${athome.waited.toFixed(1)} s`)
line('the same, with a browser that was never there', Number.isFinite(owner.waited) ? `${owner.waited.toFixed(0)} s` : `not within ${siege} s`)
console.log('')
for (const fault of faults) console.error(`not as it should be: ${fault}`)
process.exit(faults.length ? 1 : 0)
