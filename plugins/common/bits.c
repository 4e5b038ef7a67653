/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bits.h"

static int _size(const bitstr_t *bits)
{
	int64_t size = bits ? bit_size((bitstr_t *) bits) : 0;

	return (size > DEVSET_MAX) ? DEVSET_MAX : (int) size;
}

extern devset_t bits_to_devset(const bitstr_t *bits)
{
	devset_t set = 0;

	for (int i = 0, size = _size(bits); i < size; i++) {
		if (bit_test((bitstr_t *) bits, i))
			set |= devset_of(i);
	}
	return set;
}

extern void bits_from_devset(bitstr_t *bits, devset_t set)
{
	if (!bits)
		return;
	bit_clear_all(bits);
	for (int i = 0, size = _size(bits); i < size; i++) {
		if (set & devset_of(i))
			bit_set(bits, i);
	}
}

extern void bits_keep(bitstr_t *bits, devset_t set)
{
	bits_from_devset(bits, bits_to_devset(bits) & set);
}
