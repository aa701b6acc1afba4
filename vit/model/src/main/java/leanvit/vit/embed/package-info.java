/**
 * Embeddings of many pictures: made in batches by any number of threads, kept so that a run that stopped goes on,
 * written as others read them; what a reducer does to nearest neighbours; the first principal components of dense
 * features.
 */
package leanvit.vit.embed;
