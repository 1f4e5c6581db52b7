import { ignored, type RequestElements, read, refused } from './handling.ts'

/** AirSyncBase and AirSync elements by which bodies are chosen, wherever a command has them. */
const bodies: RequestElements = {
  ...read('airsyncbase:BodyPreference', 'airsyncbase:Type', 'airsyncbase:TruncationSize'),
  ...read('airsyncbase:AllOrNone', 'airsyncbase:Preview', 'airsyncbase:BodyPartPreference'),
  ...read('airsync:MIMESupport'),
  ...ignored('rightsmanagement:RightsManagementSupport'),
}

const hierarchyKey = read('folderhierarchy:SyncKey')

const composing: RequestElements = {
  ...read('composemail:ClientId', 'composemail:SaveInSentItems', 'composemail:Mime'),
  ...refused('Status 166', 'composemail:AccountId'),
  ...refused('Status 168', 'rightsmanagement:TemplateID'),
}

const answering: RequestElements = {
  ...composing,
  ...read('composemail:Source', 'composemail:FolderId', 'composemail:ItemId', 'composemail:LongId'),
  ...read('composemail:ReplaceMime'),
  // A message is the same for all instances of a meeting, but must name a time.
  ...read('composemail:InstanceId'),
}

const sync: RequestElements = {
  ...read('airsync:Collections', 'airsync:Collection', 'airsync:SyncKey', 'airsync:CollectionId'),
  ...read('airsync:Wait', 'airsync:HeartbeatInterval', 'airsync:Partial', 'airsync:WindowSize'),
  ...read('airsync:GetChanges', 'airsync:DeletesAsMoves', 'airsync:ConversationMode', 'airsync:Options'),
  ...read('airsync:Class', 'airsync:FilterType', 'airsync:Conflict', 'airsync:MIMETruncation'),
  ...read('airsync:Commands', 'airsync:Add', 'airsync:Change', 'airsync:Delete', 'airsync:Fetch'),
  ...read('airsync:ClientId', 'airsync:ServerId', 'airsync:ApplicationData', 'airsync:Truncation'),
  ...bodies,
  // Nothing of a message is ghosted, and messages have no RTF.
  ...ignored('airsync:Supported', 'airsync:RTFTruncation', 'airsync:NotifyGUID', 'airsync:Version'),
  ...refused('Status 4', 'airsync:MaxItems'),
}

const getItemEstimate: RequestElements = {
  ...read('getitemestimate:Collections', 'getitemestimate:Collection', 'getitemestimate:CollectionId'),
  ...read('airsync:SyncKey', 'airsync:Options', 'airsync:FilterType', 'airsync:ConversationMode'),
  ...read('airsync:Class'),
  ...ignored('getitemestimate:Class', 'getitemestimate:DateTime', 'getitemestimate:Version'),
  ...ignored('airsync:MaxItems'),
}

const itemOperations: RequestElements = {
  ...read('itemoperations:Fetch', 'itemoperations:Store', 'itemoperations:Options'),
  ...read('itemoperations:Range', 'itemoperations:Schema', 'airsync:CollectionId', 'airsync:ServerId'),
  ...read('search:LongId', 'airsyncbase:FileReference', 'itemoperations:EmptyFolderContents'),
  ...read('itemoperations:DeleteSubFolders', 'itemoperations:Move', 'itemoperations:MoveAlways'),
  ...read('itemoperations:ConversationId', 'itemoperations:DstFldId'),
  ...bodies,
  // For documents outside of mailboxes.
  ...ignored('itemoperations:UserName', 'itemoperations:Password'),
  ...refused('Status 9 of its Fetch', 'documentlibrary:LinkId'),
}

const search: RequestElements = {
  ...read('search:Store', 'search:Name', 'search:Query', 'search:Options', 'search:Range'),
  ...read('search:And', 'search:FreeText', 'search:GreaterThan', 'search:LessThan', 'search:Value'),
  ...read('search:ConversationId', 'search:DeepTraversal', 'airsync:Class', 'airsync:CollectionId'),
  ...read('email:DateReceived', 'search:Picture', 'search:MaxSize', 'search:MaxPictures'),
  ...bodies,
  // Results are always new; credentials are for documents outside of mailboxes.
  ...ignored('search:RebuildResults', 'search:UserName', 'search:Password'),
  ...refused('Status 8 of its Store, 5 in a document library', 'search:EqualTo', 'documentlibrary:LinkId'),
}

const find: RequestElements = {
  ...read('find:SearchId', 'find:ExecuteSearch', 'find:MailBoxSearchCriterion', 'find:Query'),
  ...read('find:GalSearchCriterion', 'find:FreeText', 'find:Options', 'find:Range', 'find:DeepTraversal'),
  ...read('find:Picture', 'find:MaxSize', 'find:MaxPictures', 'airsync:Class', 'airsync:CollectionId'),
}

const deviceInformation: RequestElements = {
  ...read('settings:DeviceInformation', 'settings:Set'),
  ...read('settings:Model', 'settings:IMEI', 'settings:FriendlyName', 'settings:OS', 'settings:OSLanguage'),
  ...read('settings:PhoneNumber', 'settings:UserAgent', 'settings:MobileOperator'),
  ...ignored('settings:EnableOutboundSMS'),
}

const settings: RequestElements = {
  ...deviceInformation,
  ...read('settings:Get', 'settings:UserInformation'),
  ...read('settings:Oof', 'settings:OofState', 'settings:OofMessage', 'settings:StartTime'),
  ...read('settings:EndTime', 'settings:AppliesToInternal', 'settings:AppliesToExternalKnown'),
  ...read('settings:AppliesToExternalUnknown', 'settings:Enabled', 'settings:ReplyMessage'),
  ...read('settings:BodyType'),
  ...read('settings:DevicePassword', 'settings:Password'),
  ...refused('Status 168 of its block', 'settings:RightsManagementInformation'),
}

const provision: RequestElements = {
  ...read('provision:Policies', 'provision:Policy', 'provision:PolicyType', 'provision:PolicyKey'),
  ...read('provision:Status', 'provision:RemoteWipe', 'provision:AccountOnlyRemoteWipe'),
  ...deviceInformation,
}

const resolveRecipients: RequestElements = {
  ...read('resolverecipients:To', 'resolverecipients:Options', 'resolverecipients:CertificateRetrieval'),
  ...read('resolverecipients:MaxCertificates', 'resolverecipients:MaxAmbiguousRecipients'),
  ...read('resolverecipients:Availability', 'resolverecipients:StartTime', 'resolverecipients:EndTime'),
  ...read('resolverecipients:Picture', 'resolverecipients:MaxSize', 'resolverecipients:MaxPictures'),
}

/** What each command makes of each element of its requests. Elements of items are those of their class. */
export const REQUEST_ELEMENTS: ReadonlyMap<string, RequestElements> = new Map<string, RequestElements>([
  ['Sync', sync],
  ['SendMail', composing],
  [
    'SmartForward',
    {
      ...answering,
      ...read('composemail:Forwardees', 'composemail:Forwardee', 'composemail:Name', 'composemail:Email'),
      ...read('airsyncbase:Body', 'airsyncbase:Type', 'airsyncbase:Data'),
    },
  ],
  ['SmartReply', answering],
  ['GetAttachment', {}],
  ['GetHierarchy', {}],
  ['FolderSync', hierarchyKey],
  [
    'FolderCreate',
    {
      ...hierarchyKey,
      ...read('folderhierarchy:ParentId', 'folderhierarchy:DisplayName', 'folderhierarchy:Type'),
    },
  ],
  ['FolderDelete', { ...hierarchyKey, ...read('folderhierarchy:ServerId') }],
  [
    'FolderUpdate',
    {
      ...hierarchyKey,
      ...read('folderhierarchy:ServerId', 'folderhierarchy:ParentId', 'folderhierarchy:DisplayName'),
    },
  ],
  ['MoveItems', read('move:Move', 'move:SrcMsgId', 'move:SrcFldId', 'move:DstFldId')],
  ['GetItemEstimate', getItemEstimate],
  ['Search', search],
  ['Settings', settings],
  [
    'Ping',
    {
      ...read('ping:HeartbeatInterval', 'ping:Folders', 'ping:Folder', 'ping:Id'),
      // A folder has one class.
      ...ignored('ping:Class'),
    },
  ],
  ['ItemOperations', itemOperations],
  ['Provision', provision],
  ['ResolveRecipients', resolveRecipients],
  [
    'ValidateCert',
    read(
      'validatecert:CertificateChain',
      'validatecert:Certificates',
      'validatecert:Certificate',
      'validatecert:CheckCRL',
    ),
  ],
  ['Find', find],
])

const NONE: RequestElements = {}

/** Empty for a command that isn't served. */
export const elementsOf = (command: string): RequestElements => REQUEST_ELEMENTS.get(command) ?? NONE
