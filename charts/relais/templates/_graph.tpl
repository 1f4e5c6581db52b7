{{- /* The services: their component, their key in the values, and what each needs. docs/adr/0013 says why. */ -}}
{{- define "relais.services" -}}
- {name: directory, key: directory, log: true, rows: true, blobs: true, peers: []}
- {name: mail, key: mail, log: true, rows: true, blobs: true, peers: [directory]}
- {name: mail-transport, key: mailTransport, log: true, rows: true, blobs: true, peers: [directory, mail]}
- {name: device-sync, key: deviceSync, log: true, rows: true, blobs: false, peers: [directory, mail]}
- {name: administration, key: administration, log: false, rows: false, blobs: false, peers: [directory, mail, mail-transport, device-sync]}
{{- end -}}

{{- /* Ports that people and other programs reach, beside gRPC (7400) and probes (7480). */ -}}
{{- define "relais.ports" -}}
device-sync: [{name: phones, containerPort: 8080}]
mail-transport: [{name: lmtp, containerPort: 2424}, {name: smtp, containerPort: 2525}, {name: submission, containerPort: 2587}]
administration: [{name: admin, containerPort: 8090}]
{{- end -}}
