import { expect, test } from 'vitest'
import { groupsOf, job } from '../../support/jobs.js'

const groups = (...errors: readonly string[]) => groupsOf(errors.map((error) => job({ error }))).length

const retries = (query: string, cause = "ReadTimeoutError('Read timed out.')") =>
  `HTTPSConnectionPool(host='www.googleapis.com', port=443): Max retries exceeded with url: /youtube/v3/search?part=snippet&q=${query}&key=[redacted] (Caused by ${cause})`
const duplicate = (constraint: string, detail: string) =>
  `duplicate key value violates unique constraint "${constraint}"\nDETAIL:  Key (title, artist)=(${detail}) already exists.`
const quota = (query: string, reason: string) =>
  `<HttpError 403 when requesting https://youtube.googleapis.com/youtube/v3/search?q=${query}&alt=json returned "You have exceeded your quota.". Details: "[{'domain': 'youtube.quota', 'reason': '${reason}'}]">`
const traceback = (line: number, exception: string) =>
  `Traceback (most recent call last):\n  File "/app/worker.py", line ${line}, in run\n    handler(job)\n${exception}`

test.each([
  ['numbers', 'Timeout after 30 s, page 4', 'Timeout after 60 s, page 17'],
  ['UUIDs', 'no release 5f0e8a52-91fb-4f63-a85e-0f1c6d0d7a11', 'no release 1a6cf3d1-857a-423d-aa09-ef6d2c846067'],
  ['ids of 22 characters', 'no track 4uLU6hMCjMI75M1A2tKUQC here', 'no track 0tgVpDi06FyKpA1z0VMD4v here'],
  ['ids of 22 characters without a digit', 'no track aLUxhMCjMIqZMrAytKUQCb', 'no track tgVpDiXKpAbzWVMDvqRsTu'],
  ['ids that begin as words do', 'no release abcdef12 here', 'no release cafeba33 here'],
  ['ids of 11 characters', 'video dQw4w9WgXcQ is gone', 'video 9bZkp7q19f0 is gone'],
  ['ids of 11 characters without a digit', 'video dQwXwWgXcQz is gone', 'video bZ-kpQ_qFfx is gone'],
  ['addresses', 'at 0x7f3a: refused by 10.0.0.1:443', 'at 0x1b2c: refused by 10.0.0.27:8443'],
  [
    'the path and query of a URL',
    'error for url: https://a.example.com/x?q=a',
    'error for url: https://a.example.com/y/z',
  ],
  ['a path and query without a host', retries('Blue+Train'), retries("'Round+Midnight+(Live)")],
  ['the path of a file', 'covers/The-Wall.jpg is missing', 'covers/Roxanne.jpg is missing'],
  ['the values of a DETAIL', duplicate('songs_key', 'So What, Miles'), duplicate('songs_key', 'Blues (Live), Milt')],
  ['single quotes', "no song 'So What'", "no song 'Blue in Green'"],
  ['double quotes', 'no song "So What"', 'no song "Don\'t Explain"'],
  ['quotes with an apostrophe in them', "no song 'So What'", "no song 'Don't Explain'"],
  ['quotes with an apostrophe at their beginning', "no song 'So What'", "no song ''Round Midnight'"],
  ['quotes with an apostrophe at the end of a word', "no song 'So What' here", "no song 'Travelin' Light' here"],
  ['two quotes', "no song 'So What' by 'Miles Davis'", "no song 'Travelin' Light' by 'Billie Holiday'"],
  ['quotes after an apostrophe', "couldn't find 'So What'", "couldn't find 'Blue in Green'"],
  ['backquotes', 'no `a b` here', 'no `b c` here'],
  ['white space', 'a  b\tc', 'a b c'],
  ['what stands beneath', 'a b\nc', 'a b\nd\ne'],
  ['the object at an address', '<Song object at 0x7f8899aabbcc> is odd', '<Song object at 0x7f00> is odd'],
  ['the query of a quota error', quota('Blue+Train', 'quotaExceeded'), quota('So+What', 'quotaExceeded')],
  ['the lines of a traceback', traceback(12, "KeyError: 'title'"), traceback(13, "KeyError: 'title'")],
  ['a file', "[Errno 2] No such file: '/data/a.parquet'", "[Errno 2] No such file: '/data/b-7.parquet'"],
  ['the length of ids in a long error', `id 9 ${'failed '.repeat(141)} at x`, `id 1000 ${'failed '.repeat(141)} at y`],
  // A status is where a status stands; elsewhere it is a number like any other.
  [
    'an id that looks like a status',
    'no release 404 (mbid=404): 404 deleted/merged',
    'no release 7 (mbid=7): 404 deleted/merged',
  ],
  ['a count that looks like a status', '412 songs failed, page 503', '71 songs failed, page 2'],
  ['a count after a word that goes before statuses', 'got 404 rows', 'got 12 rows'],
  ['a part of a count', 'error 404 of 500 rows', 'error 12 of 40 rows'],
  ['a time that looks like a status', 'failed: 300 s', 'failed: 30 s'],
  ['numbers of which one looks like a status', 'updating tuple (404,3)', 'updating tuple (12,7)'],
  ['a release that looks like a status', 'release 503 of album 12', 'release 7 of album 404'],
  ['an id of a path that looks like a status', 'GET /albums/404/tracks -> 401', 'GET /albums/12/tracks -> 401'],
  [
    'a title of small words after KeyError',
    "KeyError: 'the end of the world now'",
    "KeyError: 'a day in the life again'",
  ],
  ['a title after KeyError', "KeyError: 'Blue in Green'", "KeyError: 'So What'"],
  ['an id after KeyError', 'KeyError: 12345', 'KeyError: 67890'],
  ['a title that looks like a status', "no song '500 Miles High'", "no song 'So What'"],
])('errors that differ only in %s are one group', (_, one, other) => {
  expect(groups(one, other)).toBe(1)
})

test.each([
  ['Read timed out', 'Connection refused'],
  ["KeyError: 'title'", "TypeError: 'title'"],
  ["KeyError: 'title'", "KeyError: 'artist'"],
  ["'NoneType' object has no attribute 'get'", "'NoneType' object has no attribute 'items'"],
  ['Spotify match failed: 503', 'YouTube match failed: 503'],
  ['Spotify match failed: 429', 'Spotify match failed: 401'],
  ['MB has no release (mbid=x): 404 deleted', 'MB has no release (mbid=x): 410 deleted'],
  ['Spotify answered 502', 'Spotify answered 503'],
  ['HTTP 500', 'HTTP 503'],
  ['HTTP/1.1 500 from a', 'HTTP/1.1 503 from a'],
  ['status code: 500', 'status code: 503'],
  ['status_code=500', 'status_code=503'],
  ['<HttpError 403 when x>', '<HttpError 404 when x>'],
  ['{"error": {"code": 403}}', '{"error": {"code": 404}}'],
  ['403 Client Error: x', '404 Client Error: x'],
  ['503', '504'],
  [quota('x', 'quotaExceeded'), quota('x', 'forbidden')],
  [quota('x', 'keyInvalid'), quota('x', 'forbidden')],
  [duplicate('songs_key', 'x'), duplicate('artists_key', 'x')],
  ['error for url: https://a.example.com/x', 'error for url: https://b.example.com/x'],
  ["HTTPSConnectionPool(host='a.example.com')", "HTTPSConnectionPool(host='b2.example.com')"],
  [retries('x'), retries('x', "NewConnectionError('[Errno 111] Connection refused')")],
  [retries('x'.repeat(1_100)), retries('y'.repeat(1_100), "NewConnectionError('[Errno 111] Connection refused')")],
  ["OSError(104, 'Connection reset by peer')", "OSError(104, 'Broken pipe here')"],
  ['[Errno 2] x', '[Errno 28] x'],
  ['isAvailable rateLimited', 'MusicBrainz rateLimited'],
  [traceback(12, "KeyError: 'title'"), traceback(12, "KeyError: 'artist'")],
  // Hosts in quotes
  ['Get "https://a.example.com/x": EOF', 'Get "https://b.example.com/x": EOF'],
  ["cannot connect to 'https://a.example.com:8443' now", "cannot connect to 'https://b.example.com:8443' now"],
  ["'401 Unauthorized' for url 'https://a.example.com/x'", "'401 Unauthorized' for url 'https://b.example.com/x'"],
  // Names with digits, and codes
  ["KeyError: 'oauth2_token'", "KeyError: 'oauth2_secret'"],
  ["KeyError: 'level1_genre'", "KeyError: 'level2_genre'"],
  ['unique constraint "mb_v2_releases_key"', 'unique constraint "mb_v2_artists_key"'],
  ['S3UploadFailedError: x', 'S3TransferFailedError: x'],
  ['boto3.exceptions.S3UploadFailedError: x', 'boto3.exceptions.S3TransferFailedError: x'],
  ['oauthlib.oauth2.rfc6749.errors.InvalidGrantError: x', 'oauthlib.oauth2.rfc6749.errors.TokenExpiredError: x'],
  ["KeyError: 'label name'", "KeyError: 'release date'"],
  ['KeyError: 0', 'KeyError: 1'],
  ['curl: (6) x', 'curl: (28) x'],
  ["OSError(28, 'No space left')", "OSError(13, 'No space left')"],
  ['[errno 28] x', '[errno 13] x'],
  ['signal: 9 x', 'signal: 15 x'],
  ["'status': 9, x", "'status': 15, x"],
  ['varchar(255) x', 'varchar(32) x'],
  ['ValueError(13) x', 'ValueError(14) x'],
  ['ORA-00942 x', 'ORA-01017 x'],
  ["KeyError: 'disc_2'", "KeyError: 'disc_13'"],
  ["KeyError: 'a b c d'", "KeyError: 'a b c e'"],
  ['the application is gone', 'the certificate is gone'],
  ['RATE_LIMITS x', 'SCOPE_WRONG x'],
  ['db.my-host x', 'db.my-other x'],
  ["code: '23505'", "code: '40P01'"],
  ['{"code": "23505"}', '{"code": "40P01"}'],
])('%j and %j are two groups', (one, other) => {
  expect(groups(one, other)).toBe(2)
})

test.each([
  "Client error '401 Unauthorized' for url 'https://api.example.com/x'",
  "Server error '401' for url 'https://api.example.com/x'",
  "ResponseError('too many 401 error responses')",
  'server responded with 401',
  'Spotify replied 401',
  'refresh failed with 401',
  'rejected with 401',
  'received 401 from Spotify',
  'GET https://api.example.com/x -> 401',
  'hit a 401 on the search',
  'got an answer: a 401 error',
  'Spotify: 401 on /v1/search',
  'MusicBrainz 401',
  'Spotify API 401: rate',
  'HTTP401',
  'HTTP_401 from the feed',
  'Http401: no feed',
  'returned "401 Service x"',
  "Failed on 'So What': 401 x",
])('the status of %j is kept', (error) => {
  expect(groups(...['401', '429', '503'].map((status) => error.replace('401', status)))).toBe(3)
})

test.each([
  [[100, 103, 200, 208, 226, 300, 308, 400, 451, 499, 530, 598], 12],
  [[104, 209, 309, 460, 540, 597, 600], 1],
])('of one job each, %j are %d groups: HTTP statuses are causes, other numbers are none', (numbers, expected) => {
  expect(groups(...numbers.map((number) => `the search ended with ${number}`))).toBe(expected)
})

test('the exception of a traceback counts, however long its frames are', () => {
  const frames = '  File "/app/worker.py", line 12, in run\n    handler(job)\n'.repeat(200)
  const long = (exception: string) => `Traceback (most recent call last):\n${frames}${exception}`
  expect(groups(long("KeyError: 'title'"), long("KeyError: 'artist'"))).toBe(2)
})

test('the beginning of an error tells, and its end beyond any sentence does not', () => {
  expect(groups(`${'x '.repeat(60)}a`, `${'x '.repeat(60)}b`)).toBe(2)
  expect(groups(`${'x '.repeat(250)}a`, `${'x '.repeat(250)}b`)).toBe(1)
})

test.each([
  ['(Caused by url: /v1/search?q=naima)', '(Caused by url: /…)'],
  ['no route to 10.20.30.40', 'no route to …'],
  ['lost track.5f0e8a52', 'lost track.…'],
  ['lost disc_2.5f0e8a52', 'lost disc_2.…'],
  ['no file covers/naima-5f0e8a52.jpg', 'no file …'],
  ['see https://example.com/naima/5f0e8a52', 'see https://example.com/…'],
])('the headline of %j is %j', (error, headline) => {
  const others = [1, 2, 3].map((digit) => error.replace(/8a52|40$|naima/, (found) => `${found}${digit}`))
  expect(groupsOf([error, ...others].map((each) => job({ error: each }))).map((each) => each.headline)).toEqual([
    headline,
  ])
})

test('few different codes stay apart, with a hyphen or without', () => {
  expect(groups('library said E17', 'library said E18', 'library said E19')).toBe(3)
  expect(groups('server said ORA-17', 'server said ORA-18', 'server said ORA-19')).toBe(3)
})
