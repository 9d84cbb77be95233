using HashStore.Schema;
using HashStore.Storage.Safety;
using HashStore.Storage.Staging;
using Microsoft.Extensions.Logging;

namespace HashStore.Storage;

/// <summary>What an upload has to pass; see <see cref="UploadGate"/>.</summary>
public sealed partial class Store
{
    private async Task<Risk?> PassAsync(StagedFile staged, PutRequest request)
    {
        try
        {
            var risk = await gate.CheckAsync(staged, request.Name);
            if (risk is not null)
            {
                Meters.RiskyUploads.Add();
                LogRisky(logger, request.Name, request.User, staged.Sha256, risk.What);
            }

            return risk;
        }
        catch (StoreException exception) when (exception.Fault is StoreFault.TypeRefused or StoreFault.Unsafe or StoreFault.Infected)
        {
            Meters.RefusedUploads.Add();
            LogRefusedContent(logger, request.Name, request.User, staged.Sha256, exception.Message);
            throw;
        }
    }

    [LoggerMessage(8, LogLevel.Warning, "upload {Name} user={User} sha256={Sha256} is served as an attachment only: {What}")]
    private static partial void LogRisky(ILogger logger, FileName name, string user, ContentDigest sha256, string what);

    [LoggerMessage(9, LogLevel.Warning, "upload {Name} user={User} sha256={Sha256} was refused: {Reason}")]
    private static partial void LogRefusedContent(ILogger logger, FileName name, string user, ContentDigest sha256, string reason);
}
