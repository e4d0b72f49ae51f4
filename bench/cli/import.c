// SPDX-License-Identifier: GPL-2.0-only
/*
 * `egprlab import DIR ...`: run directories of this or another machine into the
 * store, after the same checks that every reader makes.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include <bench/rundir/store.h>

extern const struct egpr_command egpr_cmd_import;

enum {
	OPTION_DB
};
static const struct egpr_option import_options[] = {
	[OPTION_DB] = { "db", "FILE", "store to write, instead of " STORE_FILE },
	{ NULL, NULL, NULL },
};

static int import_run(int argc, char **argv)
{
	const char *value, *db = STORE_FILE;
	struct data_error e;
	int option, ret = 0;

	while ((option = egpr_command_option(&egpr_cmd_import, argc, argv, &value)) >= 0)
		db = value;
	if (option == EGPR_OPTION_WRONG)
		return EGPR_USAGE;
	if (optind == argc)
		return egpr_command_usage(&egpr_cmd_import, "name a run directory");
	if (!strcmp(db, STORE_FILE))
		mkdir(RUNDIR_ROOT, 0777); /* store_open() says what is wrong if this fails */
	for (; optind < argc && !ret; optind++) {
		ret = store_record(argv[optind], db, &e);
		if (ret)
			fprintf(stderr, "egprlab import: %s\n", e.text);
		else
			printf("%s is in %s\n", argv[optind], db);
	}
	return ret;
}

const struct egpr_command egpr_cmd_import = {
	.name = "import",
	.args = "DIR ...",
	.text = "check run directories and put them into the store",
	.options = import_options,
	.run = import_run,
};
