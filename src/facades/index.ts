/** Ring 6: the source documents' own classes, one thin file a document, no logic of their own. */
export { ABTestFramework, type ABTestFrameworkOptions, type Variant } from './ab-test-framework.ts';
export { FallbackManager, MLDAGIntegration, type MLDAGIntegrationOptions } from './pakit.ts';
export { MLPipelineManager, type MLPipelineManagerOptions } from './pipeline.ts';
