/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "picture.h"

#include <errno.h>
#include <stdlib.h>

#define ROW_MAX 8

struct picture {
	const profile_t *profile;
	unsigned int rows;
	unsigned int columns;
	bool snake; /* odd rows run from right to left */
};

/* The device at a place of the grid; the device count outside */
static unsigned int _device_at(const picture_t *picture, unsigned int row,
			       unsigned int column)
{
	unsigned int count = profile_device_count(picture->profile);
	unsigned int device = row * picture->columns + column;

	if ((row >= picture->rows) || (column >= picture->columns))
		return count;
	if (picture->snake && (row % 2))
		device = (row + 1) * picture->columns - 1 - column;
	return (device < count) ? device : count;
}

/* True when every device has the links that a torus of this width gives it */
static bool _is_torus(const profile_t *profile, unsigned int columns)
{
	unsigned int count = profile_device_count(profile);

	for (unsigned int d = 0; d < count; d++) {
		unsigned int row = d - d % columns;
		devset_t want = devset_of(row + (d + 1) % columns) |
				devset_of(row + (d + columns - 1) % columns) |
				devset_of((d + columns) % count) |
				devset_of((d + count - columns) % count);

		if (profile_neighbours(profile, d) != want)
			return false;
	}
	return true;
}

/* True when links only join devices with following indexes, end to start
 * included */
static bool _is_ring(const profile_t *profile)
{
	unsigned int count = profile_device_count(profile);

	for (unsigned int d = 0; d < count; d++) {
		devset_t most = devset_of((d + 1) % count) |
				devset_of((d + count - 1) % count);

		if (profile_neighbours(profile, d) & ~most)
			return false;
	}
	return true;
}

static void _lay_out(picture_t *picture)
{
	unsigned int count = profile_device_count(picture->profile);

	picture->columns = (count < ROW_MAX) ? count : ROW_MAX;
	if ((count > 4) && _is_ring(picture->profile)) {
		picture->columns = (count + 1) / 2;
		picture->snake = true;
	}
	for (unsigned int width = 3; width * 3 <= count; width++) {
		if (count % width || !_is_torus(picture->profile, width))
			continue;
		picture->columns = width;
		break;
	}
	picture->rows = (count + picture->columns - 1) / picture->columns;
}

extern picture_t *picture_create(const profile_t *profile)
{
	picture_t *picture = calloc(1, sizeof(*picture));

	if (!picture)
		return NULL;
	picture->profile = profile;
	_lay_out(picture);
	return picture;
}

extern void picture_destroy(picture_t *picture)
{
	int saved = errno;

	free(picture);
	errno = saved;
}

extern unsigned int picture_width(const picture_t *picture)
{
	return 2 * picture->columns - 1;
}

extern unsigned int picture_height(const picture_t *picture)
{
	return 2 * picture->rows - 1;
}

/* Switched machines join every pair: lines would say nothing */
static bool _draws_links(const profile_t *profile)
{
	return devset_count(profile_neighbours(profile, 0)) <= 4;
}

extern picture_cell_t picture_at(const picture_t *picture, unsigned int line,
				 unsigned int column)
{
	picture_cell_t cell = {.kind = PICTURE_SPACE};
	unsigned int count = profile_device_count(picture->profile);
	unsigned int row = line / 2, col = column / 2;
	bool between_rows = line % 2, between_columns = column % 2;

	if (between_rows && between_columns)
		return cell;
	cell.device = _device_at(picture, row, col);
	if (!between_rows && !between_columns) {
		if (cell.device < count)
			cell.kind = PICTURE_DEVICE;
		return cell;
	}
	cell.vertical = between_rows;
	cell.device2 =
		_device_at(picture, row + between_rows, col + between_columns);
	if ((cell.device < count) && (cell.device2 < count) &&
	    _draws_links(picture->profile) &&
	    profile_link_weight(picture->profile, cell.device, cell.device2))
		cell.kind = PICTURE_LINK;
	return cell;
}
