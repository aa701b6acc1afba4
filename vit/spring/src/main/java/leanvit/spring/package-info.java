/** LeanViT in Spring Boot, 3.5 and 4: {@code leanvit.model} in the properties makes a Classifier bean. */
package leanvit.spring;
