/** JSON (RFC 8259), as much as a model's files and the command line need: the JDK has none. */
package leanvit.vit.json;
