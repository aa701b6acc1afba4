/** Labelled pictures: which files, of which class, and their pixels a chunk at a time. */
package leanvit.vit.data;
