/** Writing of files. Not exported. */
package leanvit.vit.io;
