module relais/tools/pause

go 1.26
