using HashStore.Server;
using HashStore.Storage;

try
{
    await using var app = Site.Build(args);
    await app.StartAsync();
    Site.Greet(app);
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
    // What Kestrel says of an address that is taken, not ours or no address at all.
    await Console.Error.WriteLineAsync($"HashStore cannot start: {exception.Message}");
    return 3;
}
