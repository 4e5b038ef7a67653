# SPDX-License-Identifier: GPL-2.0-or-later
#
# sentences.awk: what C sources say to people.
#
#	awk -f sentences.awk FILE.c...
#
# Prints "FILE:LINE<tab>SENTENCE" for each string literal, or row of them, that
# has two words. What printf() fills in is <text> or <number>.

function pretty(text)
{
	gsub(/%%/, "\002", text)
	gsub(/%[-+ #0]*[0-9.*]*<PRI[A-Za-z0-9]+>/, "<number>", text)
	gsub(/%pJ/, "<text>", text)
	gsub(/%[-+ #0]*[0-9.*]*[sm]/, "<text>", text)
	gsub(/%[-+ #0]*[0-9.*]*(hh|h|ll|l|z|j)?[a-zA-Z]/, "<number>", text)
	gsub(/<[A-Z][A-Z0-9_]*>/, "<text>", text)
	gsub(/\002/, "%", text)
	gsub(/\\n/, "", text)
	gsub(/\\"/, "\"", text)
	gsub(/\\\\/, "\\", text)
	sub(/^ +/, "", text)
	sub(/ +$/, "", text)
	return text
}

function finish()
{
	if (open && text ~ /[A-Za-z][A-Za-z]+[,:;]? [a-z(][a-z(]+/)
		print FILENAME ":" first "\t" pretty(text)
	open = 0
	text = ""
}

FNR == 1 {
	finish()
	comment = 0
}
{
	line = $0
	while (line != "") {
		if (comment) {
			end = index(line, "*/")
			if (!end)
				next
			line = substr(line, end + 2)
			comment = 0
		} else if (match(line, /^[ \t]+/)) {
			line = substr(line, RLENGTH + 1)
		} else if (substr(line, 1, 2) == "/*") {
			line = substr(line, 3)
			comment = 1
		} else if (match(line, /^"([^"\\]|\\.)*"/)) {
			if (!open)
				first = FNR
			open = 1
			text = text substr(line, 2, RLENGTH - 2)
			line = substr(line, RLENGTH + 1)
		} else if (match(line, /^'([^'\\]|\\.)*'/)) {
			finish()
			line = substr(line, RLENGTH + 1)
		} else if (match(line, /^[A-Za-z_0-9]+/)) {
			word = substr(line, 1, RLENGTH)
			# A macro between literals
			if (open && word ~ /^(PRI[a-zA-Z0-9]+|[A-Z][A-Z0-9_]+)$/)
				text = text "<" word ">"
			else
				finish()
			line = substr(line, RLENGTH + 1)
		} else {
			finish()
			line = substr(line, 2)
		}
	}
}
END {
	finish()
}
