package leanvit.app.eval;

import leanvit.vit.embed.EmbeddingAgreement;

/**
 * What a reducer did to the embeddings of some pictures.
 *
 * @param score     speed and cost
 * @param agreement with the unreduced model's embeddings
 * @param worst     the name of the picture whose embedding has gone furthest
 */
public record EmbeddingScore(ReducerScore score, EmbeddingAgreement agreement, String worst) {
}
