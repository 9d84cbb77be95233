using HashStore.Server;
using HashStore.Storage;

try
{
    await using var app = Site.Build(args);
    await Site.StartAsync(app);
    await app.WaitForShutdownAsync();
    return 0;
}
catch (StoreException exception)
{
    await Console.Error.WriteLineAsync($"HashStore cannot start: {exception.Message}");
    return 3;
}
catch (Exception exception) when (exception is IOException or FormatException or InvalidOperationException)
{
    // What the system says of files, and the configuration of what it reads.
    await Console.Error.WriteLineAsync($"HashStore cannot start: {exception.Message}");
    return 3;
}
