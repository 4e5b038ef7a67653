# SPDX-License-Identifier: GPL-2.0-or-later
#
# page.awk: what a page of the manual has tags for.
#
#	awk -f page.awk [-v body=1] PAGE
#
# Prints "SECTION<tab>TAG" for each line behind .TP or .TQ, without fonts; with
# body "SECTION<tab>TAG<tab>TEXT", all text up to the next tag, where .TQ
# shares the text of the tag above it. SECTION is that of .SH.

# Text without what is for troff
function plain(line)
{
	if (line ~ /^\.(B|I|SM|BI|BR|IB|IR|RB|RI|SB) /) {
		alternates = (line ~ /^\.[BIR][BIR] /)
		sub(/^\.[A-Z]+ +/, "", line)
		line = arguments(line, alternates ? "" : " ")
	}
	gsub(/\\f[BIRP]/, "", line)
	gsub(/\\-/, "-", line)
	gsub(/\\&/, "", line)
	gsub(/\\e/, "\\", line)
	return line
}

# The arguments of a macro, joined
function arguments(line, between,	out, first)
{
	out = ""
	for (first = 1; line != ""; first = 0) {
		sub(/^ +/, "", line)
		if (line == "")
			break
		if (substr(line, 1, 1) == "\"") {
			line = substr(line, 2)
			word = line
			sub(/".*/, "", word)
			line = substr(line, length(word) + 2)
		} else {
			word = line
			sub(/ .*/, "", word)
			line = substr(line, length(word) + 1)
		}
		out = out (first ? "" : between) word
	}
	return out
}

function flush(	i)
{
	for (i = 1; i <= count; i++)
		print section "\t" tags[i] (body ? "\t" text : "")
	count = 0
	text = ""
}

/^\.SH / {
	flush()
	section = arguments(substr($0, 5), " ")
	next
}
/^\.TP/ {
	flush()
	tagged = 1
	next
}
/^\.TQ/ {
	tagged = 1
	next
}
tagged {
	tags[++count] = plain($0)
	tagged = 0
	next
}
/^\.PP/ || /^\.SS/ {
	flush()
	next
}
/^\.[A-Z]* *$/ {
	next
}
{
	line = plain($0)
	sub(/^\.IP +/, "", line)
	text = text " " line
}
END {
	flush()
}
