import { test } from 'node:test'
import { blobStoreContract } from '../contract-suite.ts'
import { openBlobsUnderTest, startForTests } from './s3.fixture.ts'

const started = await startForTests()

if ('missing' in started) test('S3 keeps the contract of the blob store', { skip: started.missing })
else blobStoreContract('S3', () => openBlobsUnderTest(started.server))
