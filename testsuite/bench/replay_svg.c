/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replay_svg.h"

#include <math.h>

#define WIDTH 960
#define HEIGHT 420
#define LEFT 70
#define RIGHT 150
#define TOP 40
#define BOTTOM 40
#define TICKS 5

static const char *const colours[] = {"#888888", "#c44e52", "#dd8452",
				      "#937860", "#4c72b0", "#64b5cd",
				      "#55a868", "#8172b3", "#ccb974"};

static const char *_colour(unsigned int series)
{
	return colours[series % (sizeof(colours) / sizeof(colours[0]))];
}

/* Texts are names and titles of the caller; still, nothing may break out */
static void _text(FILE *file, const char *text)
{
	for (; *text; text++) {
		if (*text == '&')
			fputs("&amp;", file);
		else if (*text == '<')
			fputs("&lt;", file);
		else if (*text == '>')
			fputs("&gt;", file);
		else
			fputc(*text, file);
	}
}

static void _label(FILE *file, double x, double y, const char *anchor,
		   const char *text)
{
	fprintf(file, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y,
		anchor);
	_text(file, text);
	fputs("</text>\n", file);
}

/* The next 1, 2 or 5 times a power of ten */
static double _round_up(double value)
{
	double base = pow(10, floor(log10(value)));

	for (int i = 1; i <= 5; i += i == 1 ? 1 : 3)
		if (value <= i * base)
			return i * base;
	return 10 * base;
}

static double _find_step(const svg_chart_t *chart)
{
	double most = 0;

	for (unsigned int i = 0; i < chart->group_count * chart->series_count;
	     i++) {
		const estimate_t *value = &chart->values[i];
		double top =
			value->mean + (isnan(value->half) ? 0 : value->half);

		most = top > most ? top : most;
	}
	return most > 0 ? _round_up(most / TICKS) : 1;
}

static double _y(double value, double top)
{
	return HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM);
}

static void _draw_axis(const svg_chart_t *chart, double step, FILE *file)
{
	char text[32];

	for (int i = 0; i <= TICKS; i++) {
		double y = _y(i * step, TICKS * step);

		fprintf(file,
			"<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" "
			"stroke=\"#dddddd\"/>\n",
			LEFT, y, WIDTH - RIGHT, y);
		snprintf(text, sizeof(text), "%g", i * step);
		_label(file, LEFT - 6, y + 4, "end", text);
	}
	_label(file, LEFT, TOP - 20, "start", chart->title);
	_label(file, LEFT - 6, TOP - 6, "end", chart->unit);
}

static void _draw_bar(const estimate_t *value, double x, double width,
		      double top, const char *colour, FILE *file)
{
	double y = _y(value->mean, top), middle = x + width / 2;

	if (isnan(value->mean))
		return;
	fprintf(file,
		"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
		"fill=\"%s\"><title>%.4g",
		x, y, width, HEIGHT - BOTTOM - y, colour, value->mean);
	if (!isnan(value->half))
		fprintf(file, " &#177; %.2g", value->half);
	fputs("</title></rect>\n", file);
	if (!isnan(value->half))
		fprintf(file,
			"<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" "
			"y2=\"%.1f\" stroke=\"black\"/>\n",
			middle, _y(value->mean + value->half, top), middle,
			_y(fmax(0, value->mean - value->half), top));
}

extern int svg_write(const svg_chart_t *chart, FILE *file)
{
	double step = _find_step(chart);
	double each = (double) (WIDTH - LEFT - RIGHT) / chart->group_count;
	double width = 0.85 * each / chart->series_count;

	fprintf(file,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
		"height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
		WIDTH, HEIGHT);
	_draw_axis(chart, step, file);
	for (unsigned int i = 0; i < chart->group_count; i++) {
		double x = LEFT + i * each;

		for (unsigned int j = 0; j < chart->series_count; j++)
			_draw_bar(&chart->values[i * chart->series_count + j],
				  x + 0.075 * each + j * width, width,
				  TICKS * step, _colour(j), file);
		_label(file, x + each / 2, HEIGHT - BOTTOM + 18, "middle",
		       chart->groups[i]);
	}
	for (unsigned int j = 0; j < chart->series_count; j++) {
		fprintf(file,
			"<rect x=\"%d\" y=\"%u\" width=\"12\" height=\"12\" "
			"fill=\"%s\"/>\n",
			WIDTH - RIGHT + 14, TOP + 18 * j, _colour(j));
		_label(file, WIDTH - RIGHT + 32, TOP + 18 * j + 10, "start",
		       chart->series[j]);
	}
	fputs("</svg>\n", file);
	return ferror(file) ? -1 : 0;
}
