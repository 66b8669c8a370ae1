module port

go 1.22
