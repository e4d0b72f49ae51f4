/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a subcommand of egprlab is, and how it reads its options.
 *
 * A command describes itself in one `struct egpr_command` beside its code; main.c
 * lists them. Help texts, option parsing, man pages and shell completion all
 * come from that description, so an option cannot exist in one of them only.
 */
#ifndef BENCH_COMMAND_H
#define BENCH_COMMAND_H

#include <stdbool.h>

#include <bench/report/doc/doc.h>

/**
 * struct egpr_option - one long option
 * @name: without the dashes; NULL ends an array of options
 * @arg: name of its value in the help text, NULL where it takes none
 * @text: one line, without a full stop
 */
struct egpr_option {
	const char *name;
	const char *arg;
	const char *text;
};

/**
 * struct egpr_command - one subcommand
 * @name: what the user types
 * @args: positional arguments as the help text shows them, "" for none
 * @text: one line, without a full stop
 * @options: ended by a NULL name; NULL for none
 * @passes_options: options of another program are the command's own business:
 *	only --help directly behind the name is taken by egprlab
 * @tables: what it prints are tables, by egpr_command_print() or as egpr_command_choose() leaves them: it takes
 *	--json, --filter and --only
 * @run: gets argv with the command's name as argv[0]; returns an egpr_status
 */
struct egpr_command {
	const char *name;
	const char *args;
	const char *text;
	const struct egpr_option *options;
	int passes_options;
	int tables;
	int (*run)(int argc, char **argv);
};

/* The table in main.c, ended by NULL. */
extern const struct egpr_command *const egpr_commands[];

/**
 * struct egpr_output - what options that are every command's say of its output
 * @json: tables as JSON
 * @quiet: no progress and no hints
 * @color: tones in colour
 * @filter: rows of tables that match this expression; NULL for all
 * @only: rows that have these ids; NULL for all
 */
struct egpr_output {
	bool json, quiet, color;
	const char *filter, *only;
};
extern struct egpr_output egpr_output;

/* The options of a command that are not its own, in the order of the help text. Return: NULL at the end. */
const struct egpr_option *egpr_command_common(const struct egpr_command *cmd, unsigned int i);

/* How tables look to a person. */
enum egpr_layout {
	EGPR_ALIGNED,
	EGPR_TABS,
	EGPR_MAIL
};

/**
 * egpr_command_print - a document to standard output, as egpr_output wants it
 * @cmd: the command
 * @d: the document; loses rows by --filter and --only
 * @layout: for a person
 *
 * Return: 0, or EGPR_USAGE where --filter is no expression or nothing is left by it.
 */
int egpr_command_print(const struct egpr_command *cmd, struct doc *d, enum egpr_layout layout);

/**
 * egpr_command_choose - which rows --filter and --only leave of what a command prints in its own way
 * @cmd: the command
 * @d: its rows as tables
 * @stays: receives one for each row of all tables, in their order
 *
 * Return: 0, or EGPR_USAGE as above.
 */
int egpr_command_choose(const struct egpr_command *cmd, const struct doc *d, bool *stays);

/* The command to type next, on stderr; nothing under --quiet. */
void egpr_command_next(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What egpr_command_option() returns besides an index into the options. */
#define EGPR_OPTION_END	  (-1)
#define EGPR_OPTION_WRONG (-2)

/**
 * egpr_command_option - read the next option of a command
 * @cmd: the command
 * @argc: as given to its run()
 * @argv: as given to its run(); positional arguments are moved behind the options
 * @value: receives the option's value, NULL where it takes none
 *
 * Return: index of the option in @cmd->options; EGPR_OPTION_END when none is
 * left, and optind is the first positional argument; EGPR_OPTION_WRONG after
 * saying on stderr what is wrong: return EGPR_USAGE then.
 */
int egpr_command_option(const struct egpr_command *cmd, int argc, char **argv, const char **value);

/**
 * egpr_command_usage - say what is wrong with the command line, and how it should be
 * @cmd: the command
 * @format: printf format of the fault, without a newline
 *
 * Return: EGPR_USAGE
 */
int egpr_command_usage(const struct egpr_command *cmd, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * egpr_command_cpu - the value of a --cpu
 * @cmd: the command
 * @value: decimal
 * @cpu: receives the number; whether there is such a CPU is for cpu_choose() to say
 *
 * Return: 0, or EGPR_USAGE after saying that it is no number of a CPU.
 */
int egpr_command_cpu(const struct egpr_command *cmd, const char *value, int *cpu);

#endif /* BENCH_COMMAND_H */
