import { test } from 'node:test'
import { eventLogContract } from '../contract-suite.ts'
import { openLogUnderTest, startForTests } from './postgres.fixture.ts'

const started = await startForTests()

if ('missing' in started) test('PostgreSQL keeps the contract of the event log', { skip: started.missing })
else eventLogContract('PostgreSQL', () => openLogUnderTest(started.server))
