/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where files that the command needs at run time are: installed, or in the source tree.
 */
#ifndef BENCH_SHARE_H
#define BENCH_SHARE_H

/**
 * share_dir - find a directory of files
 * @env: environment variable that overrides everything, NULL for none
 * @installed: name below ../share/egprlab beside the command's directory
 * @source: name in the source tree that the command was built from
 *
 * Return: its absolute path, to be freed; NULL where there is none.
 */
char *share_dir(const char *env, const char *installed, const char *source);

#endif /* BENCH_SHARE_H */
