// Logs people out at ISSUER, and is the application that is told. logouts.sh starts the server; the lines that this prints are tables.
import crypto from 'node:crypto'
import fs from 'node:fs/promises'
import http from 'node:http'

const issuer = new URL(process.env.ISSUER)
const rounds = Number(process.env.ROUNDS)
const sessions = Number(process.env.SESSIONS)
const password = 'a password under load'
const agent = new http.Agent({ keepAlive: true, maxSockets: 32 })
const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
const challenge = crypto.createHash('sha256').update(verifier).digest('base64url')

// The application: /told answers at once, /hangs never.
const arrivals = new Map()
let whenAll
const application = http.createServer(async (request, answer) => {
  const at = performance.now()
  let body = ''
  for await (const part of request) body += part
  if (request.url === '/hangs') return
  const token = new URLSearchParams(body).get('logout_token')
  const { sid } = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))
  if (!arrivals.has(sid)) arrivals.set(sid, at)
  answer.writeHead(200).end()
  whenAll?.()
})
await new Promise((done) => application.listen(Number(process.env.APP_PORT), '127.0.0.1', done))

function send(method, path, cookies, body) {
  return new Promise((resolve, reject) => {
    const headers = { cookie: [...cookies].map((pair) => pair.join('=')).join('; '), ...(body && { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) }) }
    const request = http.request({ agent, host: issuer.hostname, port: issuer.port, method, path, headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (part) => (text += part))
      answer.on('end', () => {
        for (const one of answer.headers['set-cookie'] ?? []) cookies.set(...one.split(';')[0].split(/=(.*)/s))
        resolve({ status: answer.statusCode, location: answer.headers.location, text })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}

// A browser that has logged in through a client, and the ID token that the client got.
async function logIn(client, username) {
  const cookies = new Map()
  const request = new URLSearchParams({ client_id: `load.${client}`, redirect_uri: 'http://127.0.0.1/callback', response_type: 'code', scope: 'openid', code_challenge: challenge, code_challenge_method: 'S256' })
  const page = await send('GET', `/authorize?${request}`, cookies)
  const ticket = /name="ticket" value="([^"]+)"/.exec(page.text)[1]
  const back = await send('POST', '/login', cookies, new URLSearchParams({ ticket, username, password }).toString())
  if (back.status !== 303) throw new Error(`a login was answered with ${back.status}`)
  const code = new URL(back.location).searchParams.get('code')
  const form = new URLSearchParams({ grant_type: 'authorization_code', code, client_id: `load.${client}`, redirect_uri: 'http://127.0.0.1/callback', code_verifier: verifier })
  const tokens = JSON.parse((await send('POST', '/token', new Map(), form.toString())).text)
  return { cookies, idToken: tokens.id_token, sid: JSON.parse(Buffer.from(tokens.id_token.split('.')[1], 'base64url')).sid }
}

const until = (holds) => new Promise((done) => ((whenAll = () => holds() && done()), whenAll()))
const at = (list, part) => list.toSorted((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * part))].toFixed(1)
const line = (...cells) => console.log(`| ${cells.join(' | ')} |`)

const answered = { web: [], told: [], hangs: [] }
const arrived = []
for (let round = 0; round < rounds; round++) {
  for (const client of Object.keys(answered).toSorted(() => Math.random() - 0.5)) {
    const { cookies, idToken, sid } = await logIn(client, 'load')
    const began = performance.now()
    const page = await send('GET', `/logout?id_token_hint=${idToken}`, cookies)
    if (page.status !== 200) throw new Error(`a logout was answered with ${page.status}`)
    answered[client].push(performance.now() - began)
    if (client !== 'told') continue
    await until(() => arrivals.has(sid))
    arrived.push(arrivals.get(sid) - began)
  }
}
console.log(`\n${rounds} logouts each, in turns, one after another:\n`)
line('', 'half within, ms', '99 % within, ms')
line('---', '---:', '---:')
line('the person is answered; no application is told', at(answered.web, 0.5), at(answered.web, 0.99))
line('the person is answered; an application is told', at(answered.told, 0.5), at(answered.told, 0.99))
line('the person is answered; an application that hangs', at(answered.hangs, 0.5), at(answered.hangs, 0.99))
line('the application has the token', at(arrived, 0.5), at(arrived, 0.99))

// Everybody at once: somebody with many sessions is disabled.
const crowd = []
for (let left = sessions; left > 0; left -= 16) {
  crowd.push(...(await Promise.all(Array.from({ length: Math.min(16, left) }, () => logIn('told', 'crowd')))))
}
const text = await fs.readFile(process.env.CROWD, 'utf8')
const began = performance.now()
await fs.writeFile(process.env.CROWD, text.replace('disabled: false', 'disabled: true'))
await until(() => crowd.every(({ sid }) => arrivals.has(sid)))
const times = crowd.map(({ sid }) => arrivals.get(sid))
const [first, last] = [Math.min(...times), Math.max(...times)]
console.log(`\n${sessions} sessions of one person who is disabled: told within ${((last - began) / 1000).toFixed(2)} s of the edit, ${((1000 * (sessions - 1)) / (last - first)).toFixed(0)} a second from the first to the last.`)
application.closeAllConnections()
application.close()
