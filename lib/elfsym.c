/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "elfsym.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef ElfW(Ehdr) header_t;
typedef ElfW(Shdr) section_t;
typedef ElfW(Phdr) segment_t;
typedef ElfW(Sym) symbol_t;

#if __SIZEOF_POINTER__ == 8
#define CLASS ELFCLASS64
#else
#define CLASS ELFCLASS32
#endif

typedef struct {
	const unsigned char *bytes;
	size_t size;
	header_t header;
} object_t;

/* Copy a piece out. RET false: it is outside of the file */
static bool _get(const object_t *object, uint64_t offset, void *to, size_t size)
{
	if (offset > object->size || size > object->size - offset)
		return false;
	memcpy(to, object->bytes + offset, size);
	return true;
}

static bool _get_section(const object_t *object, unsigned int index,
			 section_t *section)
{
	return index < object->header.e_shnum &&
	       object->header.e_shentsize == sizeof(*section) &&
	       _get(object,
		    (uint64_t) object->header.e_shoff +
			    (uint64_t) index * sizeof(*section),
		    section, sizeof(*section));
}

/* The bytes that an address has when the object is loaded */
static bool _get_at(const object_t *object, uint64_t address, void *to,
		    size_t size)
{
	for (unsigned int i = 0; i < object->header.e_phnum; i++) {
		segment_t segment;

		if (object->header.e_phentsize != sizeof(segment) ||
		    !_get(object,
			  (uint64_t) object->header.e_phoff +
				  (uint64_t) i * sizeof(segment),
			  &segment, sizeof(segment)))
			return false;
		if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
		    address - segment.p_vaddr < segment.p_filesz)
			return _get(object,
				    (uint64_t) segment.p_offset + address -
					    segment.p_vaddr,
				    to, size);
	}
	return false;
}

static bool _has_name(const object_t *object, const section_t *strings,
		      const symbol_t *symbol, const char *name)
{
	uint64_t offset = (uint64_t) strings->sh_offset + symbol->st_name;
	size_t size = strlen(name) + 1;

	return offset <= object->size && size <= object->size - offset &&
	       !memcmp(object->bytes + offset, name, size);
}

static bool _find_in(const object_t *object, const section_t *section,
		     const char *name, uint32_t *value)
{
	section_t strings;

	if (!_get_section(object, section->sh_link, &strings))
		return false;
	for (uint64_t at = 0; at + sizeof(symbol_t) <= section->sh_size;
	     at += sizeof(symbol_t)) {
		symbol_t symbol;

		if (!_get(object, (uint64_t) section->sh_offset + at, &symbol,
			  sizeof(symbol)))
			return false;
		if (symbol.st_shndx != SHN_UNDEF &&
		    symbol.st_size == sizeof(*value) &&
		    _has_name(object, &strings, &symbol, name))
			return _get_at(object, symbol.st_value, value,
				       sizeof(*value));
	}
	return false;
}

static bool _find(object_t *object, const char *name, uint32_t *value)
{
	if (!_get(object, 0, &object->header, sizeof(object->header)) ||
	    memcmp(object->header.e_ident, ELFMAG, SELFMAG) ||
	    object->header.e_ident[EI_CLASS] != CLASS)
		return false;
	for (unsigned int i = 0; i < object->header.e_shnum; i++) {
		section_t section;

		if (_get_section(object, i, &section) &&
		    section.sh_type == SHT_DYNSYM)
			return _find_in(object, &section, name, value);
	}
	return false;
}

static unsigned char *_read(FILE *file, size_t *size)
{
	unsigned char *bytes;
	long end;

	if (fseek(file, 0, SEEK_END) || (end = ftell(file)) < 0 ||
	    fseek(file, 0, SEEK_SET))
		return NULL;
	if (end > ELFSYM_FILE_MAX)
		end = ELFSYM_FILE_MAX;
	bytes = malloc((size_t) end + 1);
	if (bytes)
		*size = fread(bytes, 1, (size_t) end, file);
	else
		errno = ENOMEM;
	return bytes;
}

extern int elfsym_u32(const char *path, const char *symbol, uint32_t *value,
		      neuron_error_t *err)
{
	FILE *file = fopen(path, "re");
	object_t object = {.size = 0};
	unsigned char *bytes = file ? _read(file, &object.size) : NULL;
	int errnum = errno;
	bool found;

	if (file)
		fclose(file);
	if (!bytes)
		return neuron_error_set(
			err,
			(errnum == ENOENT || errnum == ENOMEM) ? errnum : EIO,
			"%.300s: %s", path, strerror(errnum));
	object.bytes = bytes;
	found = _find(&object, symbol, value);
	free(bytes);
	if (found)
		return 0;
	return neuron_error_set(err, EINVAL,
				"%.300s: is no shared object with %s", path,
				symbol);
}
