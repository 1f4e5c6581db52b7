/** What somebody sees who opens the address in a browser. */
export const humanPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Relais: mail for phones</title>
<style>body{font:16px/1.5 system-ui;max-width:36em;margin:4em auto;padding:0 1em}</style>
<h1>This address is for phones</h1>
<p>It works: a phone that is set up with an <b>Exchange</b> or <b>ActiveSync</b> account gets its mail here.
<p>Add an account of that kind on the phone. It asks for your e-mail address and password, and maybe for a server: that is
the name in this page's address.
</html>
`
