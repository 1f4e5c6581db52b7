import { blobStoreContract } from '../contract-suite.ts'
import { openBlobsUnderTest } from './blobs.fixture.ts'

blobStoreContract('File system', openBlobsUnderTest)
