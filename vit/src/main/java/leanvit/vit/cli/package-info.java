/** The command line: one file a command, with no logic that a user of the library could want. Not exported. */
package leanvit.vit.cli;
