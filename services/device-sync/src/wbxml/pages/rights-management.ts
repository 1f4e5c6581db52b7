import type { CodePage } from '../code-page.ts'

export const rightsManagement = {
  page: 24,
  namespace: 'RightsManagement',
  prefix: 'rightsmanagement',
  tags: {
    RightsManagementSupport: [0x05, 141],
    RightsManagementTemplates: [0x06, 141],
    RightsManagementTemplate: [0x07, 141],
    RightsManagementLicense: [0x08, 141],
    EditAllowed: [0x09, 141],
    ReplyAllowed: [0x0a, 141],
    ReplyAllAllowed: [0x0b, 141],
    ForwardAllowed: [0x0c, 141],
    ModifyRecipientsAllowed: [0x0d, 141],
    ExtractAllowed: [0x0e, 141],
    PrintAllowed: [0x0f, 141],
    ExportAllowed: [0x10, 141],
    ProgrammaticAccessAllowed: [0x11, 141],
    Owner: [0x12, 141],
    ContentExpiryDate: [0x13, 141],
    TemplateID: [0x14, 141],
    TemplateName: [0x15, 141],
    TemplateDescription: [0x16, 141],
    ContentOwner: [0x17, 141],
    RemoveRightsManagementProtection: [0x18, 141],
  },
} as const satisfies CodePage
