/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * forward: the entry points of a stacked plugin, made from one list.
 *
 * A release lists the functions of a plugin type once, in the file that
 * STOCK_LIST names:
 *
 *	FORWARD(type, name, (parameters), (arguments))
 *		the call goes to the stock plugin as it is
 *	HOOK(type, name, (parameters))
 *		our own function of that name decides; the stock function is
 *		stock_<name>
 *
 * Included once in a file, this makes the function pointers, the forwarding
 * functions and the table stock_symbols[].
 */
#ifndef STOCK_LIST
#error "define STOCK_LIST before including forward.h"
#endif

#define HOOK(type, name, parameters)     \
	static type(*stock_##name) parameters; \
	extern type name parameters;
#define FORWARD(type, name, parameters, arguments) \
	static type(*stock_##name) parameters;       \
	extern type name parameters;               \
	extern type name parameters                \
	{                                          \
		return stock_##name arguments;     \
	}
#include STOCK_LIST
#undef HOOK
#undef FORWARD

#define HOOK(type, name, parameters) { #name, (void **) &stock_##name },
#define FORWARD(type, name, parameters, arguments) \
	{ #name, (void **) &stock_##name },
static const stock_symbol_t stock_symbols[] = {
#include STOCK_LIST
};
#undef HOOK
#undef FORWARD

#define STOCK_SYMBOL_COUNT (sizeof(stock_symbols) / sizeof(stock_symbols[0]))
